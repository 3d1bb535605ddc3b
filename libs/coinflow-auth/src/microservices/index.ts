export { rpcContext, type RpcContextOptions, type RpcRequest } from './rpc-context.js';
