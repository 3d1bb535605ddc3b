export { webSocketContext } from './web-socket-context.js';
