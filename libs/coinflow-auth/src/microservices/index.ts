export { rpcContext, type RpcContextOptions } from './rpc-context.js';
