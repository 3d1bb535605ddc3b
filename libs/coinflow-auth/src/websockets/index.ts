export { authenticateConnections } from './authenticate-connections.js';
export { webSocketContext } from './web-socket-context.js';
