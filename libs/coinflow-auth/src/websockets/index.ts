export { authenticateConnections, type CoinflowConnectionServer } from './authenticate-connections.js';
export { webSocketContext } from './web-socket-context.js';
