/**
 * Authenticates the messages of microservices. Needs `@nestjs/microservices`.
 * @module nestjs-coinflow-auth/microservices
 */
export { rpcContext, type RpcContextOptions, type RpcRequest } from './rpc-context.js';
