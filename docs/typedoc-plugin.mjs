import { ReflectionKind } from 'typedoc';

/** Gives destructured parameters, which have no name, the name that the guides use. */
export function load(app) {
  app.converter.on('resolveEnd', ({ project }) => {
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
      if (parameter.name === '__namedParameters') parameter.name = 'options';
    }
  });
}
