import { ValidateBy, type ValidationArguments } from 'class-validator';
import { headerValueProblem } from '../util/header-value.js';

export const DAY_MS = 86_400_000;

/** A rule of our own, with what to do when it is broken. */
export function Rule(name: string, validate: (value: unknown) => boolean, message: string): PropertyDecorator {
  return ValidateBy({ name, validator: { validate: (value) => validate(value), defaultMessage: () => message } });
}

/** A rule whose message depends on what is wrong. */
export function ProblemRule(
  name: string,
  problem: (value: unknown, args?: ValidationArguments) => string | undefined,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value, args) => problem(value, args) === undefined,
      defaultMessage: (args) => problem(args?.value, args) ?? '',
    },
  });
}

export const HeaderValue = (): PropertyDecorator => ProblemRule('headerValue', (value) => headerValueProblem(value));

export const Whole = (min: number, max: number): PropertyDecorator =>
  Rule('whole', (value) => isWhole(value, min, max), `must be a whole number from ${min} to ${max}`);

export function isWhole(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

export function hasMethods(value: unknown, methods: readonly string[]): boolean {
  const one = Object(value) as Record<string, unknown>;
  return methods.every((method) => typeof one[method] === 'function');
}
