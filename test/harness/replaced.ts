/** Replaces the method by a function without its metadata, as many decorators do. */
export const Replaced: MethodDecorator = (_target, _name, descriptor: PropertyDescriptor) => {
  const original = descriptor.value as (...given: unknown[]) => unknown;
  descriptor.value = function (this: unknown, ...given: unknown[]): unknown {
    return original.apply(this, given);
  };
};
