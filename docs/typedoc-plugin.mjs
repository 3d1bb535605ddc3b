import { ReflectionKind } from 'typedoc';

/** What Nest calls, and not a reader: the hooks of the lifecycle, and the constructors of what it injects. */
const isCalledByNest = ({ kind, name, parent }) =>
  (kind === ReflectionKind.Method && /^on(?:Application|Module)[A-Z]/.test(name)) ||
  (kind === ReflectionKind.Constructor && !parent.name.endsWith('Error'));

export function load({ converter }) {
  converter.on('resolveBegin', ({ project }) => {
    const members = project.getReflectionsByKind(ReflectionKind.Method | ReflectionKind.Constructor);
    for (const member of members.filter(isCalledByNest)) project.removeReflection(member);
  });

  converter.on('resolveEnd', ({ project }) => {
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
      // A destructured parameter has no name. The guides call it options.
      if (parameter.name === '__namedParameters') parameter.name = 'options';
    }
  });
}
