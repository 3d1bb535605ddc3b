/**
 * Authenticates connections and messages of Socket.IO and `ws`. Needs `@nestjs/websockets`.
 * @module nestjs-coinflow-auth/websockets
 */
export { authenticateConnections } from './authenticate-connections.js';
export { webSocketContext } from './web-socket-context.js';
