/*
 * The keys under which the decorators of NestJS write metadata. They are copied, since packages such as `@nestjs/graphql` are
 * optional, and Nest does not export all of them.
 */

/** `@UseGuards()`. */
export const GUARDS = '__guards__';
/** `@UseFilters()`. */
export const FILTERS = '__exceptionFilters__';
/** `@UseInterceptors()`. */
export const INTERCEPTORS = '__interceptors__';
/** The parameters of handlers, by the name of the method. */
export const PARAMETERS = '__routeArguments__';

/** `@Controller()`. */
export const CONTROLLER = '__controller__';
/** The path of a controller or a route: a method without one is not a route. */
export const PATH = 'path';
/** The HTTP method of a route. */
export const METHOD = 'method';
/** `@Version()`. */
export const VERSION = '__version__';
/** The prefix that `RouterModule` gives to a module, before the id of the application. */
export const MODULE_PATH = '__module_path__';
/** `@HttpCode()`. */
export const HTTP_CODE = '__httpCode__';
/** `@Sse()`. */
export const SSE = '__sse__';

/** `@WebSocketGateway()`. */
export const GATEWAY = 'websockets:is_gateway';
/** `@SubscribeMessage()`. */
export const MESSAGE_HANDLER = 'websockets:message_mapping';
/** The message of `@SubscribeMessage()`. */
export const MESSAGE = 'message';

/** The patterns of `@MessagePattern()` or `@EventPattern()`. */
export const PATTERN = 'microservices:pattern';
/** Whether a message handler has `@MessagePattern()` or `@EventPattern()`. */
export const HANDLER_TYPE = 'microservices:handler_type';

/** `Query`, `Mutation`, `Subscription`, or the type whose field a resolver resolves. */
export const RESOLVER_TYPE = 'graphql:resolver_type';
/** The name of a resolver in the schema. */
export const RESOLVER_NAME = 'graphql:resolver_name';
/** `@ResolveField()`. */
export const FIELD = 'graphql:resolve_property';
/** `@ResolveReference()`. */
export const REFERENCE = 'graphql:resolve_reference';
