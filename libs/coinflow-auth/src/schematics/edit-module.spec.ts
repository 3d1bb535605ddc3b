import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import ts from 'typescript';
import { editModule, type ModuleAdditions } from './edit-module.js';

const ADDITIONS: ModuleAdditions = {
  imports: ['ConfigModule.forRoot()', 'CoinflowAuthModule.forRoot(options)'],
  controllers: ['MeController'],
  from: { CoinflowAuthModule: 'nestjs-coinflow-auth', MeController: './me.controller.js' },
};
const HEAD = `import { Module } from '@nestjs/common';\n`;

const edit = (text: string, className?: string): string | undefined => editModule(ts, text, className, ADDITIONS);
const moduleWith = (metadata: string): string => `${HEAD}\n@Module(${metadata})\nexport class AppModule {}\n`;

/** The metadata of the edited module, as it is written. */
function metadataAfter(metadata: string): string | undefined {
  return /@Module\(([^]*)\)\nexport/.exec(edit(moduleWith(metadata)) ?? '')?.[1];
}

/** The elements of a list of the module, without formatting and comments. */
function elementsOf(text: string, list: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isList = ts.isPropertyAssignment(node) && node.name.getText() === list;
    if (isList && ts.isArrayLiteralExpression(node.initializer)) {
      found.push(...node.initializer.elements.map((element) => element.getText()));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true));
  return found;
}

describe('editModule', () => {
  it('fills the empty list of a new project, and writes it as Prettier does', () => {
    expect(metadataAfter('{\n  imports: [],\n  controllers: [AppController],\n  providers: [AppService],\n}')).toBe(
      `{
  imports: [ConfigModule.forRoot(), CoinflowAuthModule.forRoot(options)],
  controllers: [AppController, MeController],
  providers: [AppService],
}`,
    );
  });

  it('breaks a list that becomes longer than a line', () => {
    expect(metadataAfter('{\n  imports: [UsersModule],\n  controllers: [],\n}')).toBe(
      `{
  imports: [
    UsersModule,
    ConfigModule.forRoot(),
    CoinflowAuthModule.forRoot(options),
  ],
  controllers: [MeController],
}`,
    );
  });

  it('adds lines to a list that has one element on each line, and leaves comments where they are', () => {
    expect(
      metadataAfter('{\n  imports: [\n    A,\n    B, // the last one\n  ],\n  controllers: [\n    C // c\n  ],\n}'),
    ).toBe(
      `{
  imports: [
    A,
    B, // the last one
    ConfigModule.forRoot(),
    CoinflowAuthModule.forRoot(options),
  ],
  controllers: [
    C, // c
    MeController
  ],
}`,
    );
  });

  it('adds both lists to a module that has none', () => {
    const lists = `
  imports: [ConfigModule.forRoot(), CoinflowAuthModule.forRoot(options)],
  controllers: [MeController],`;
    expect(metadataAfter('{}')).toBe(`{${lists}\n}`);
    expect(metadataAfter('{\n  providers: [A],\n}')).toBe(`{${lists}\n  providers: [A],\n}`);
  });

  it('adds elements after an element that takes several lines', () => {
    const metadata = '{ imports: [A.forRoot({\n  b: [],\n})], controllers: [C] }';
    expect(elementsOf(edit(moduleWith(metadata)) ?? '', 'imports')).toEqual([
      'A.forRoot({\n  b: [],\n})',
      ...ADDITIONS.imports,
    ]);
  });

  it('adds the missing imports of the file after its last one, in the same style', () => {
    const text = `import { Module } from "@nestjs/common"\nimport { A } from "./a" // a\n\n@Module({})\nclass AppModule {}\n`;
    expect(edit(text)).toContain(
      `import { A } from "./a" // a\nimport { CoinflowAuthModule } from "nestjs-coinflow-auth"\nimport { MeController } from "./me.controller.js"\n\n@Module`,
    );
  });

  it('does not import a name again', () => {
    const text = `import { CoinflowAuthModule } from 'nestjs-coinflow-auth';\n${moduleWith('{}')}`;
    expect(edit(text)?.match(/import \{ CoinflowAuthModule \}/g)).toHaveLength(1);
  });

  it('keeps the line endings of the file', () => {
    const edited = edit(moduleWith('{\n  imports: [],\n}').replaceAll('\n', '\r\n')) ?? '';
    expect(edited).toContain('MeController');
    expect(edited.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('edits the named class when the file has several modules', () => {
    const text = `${HEAD}@Module({ imports: [] })\nclass Other {}\n@Module({ imports: [] })\nexport class AppModule {}\n`;
    expect(edit(text)).toBeUndefined();
    expect(edit(text, 'AppModule')).toContain('@Module({ imports: [] })\nclass Other');
    expect(edit(text, 'AppModule')).toContain('MeController');
  });

  it.each([
    ['a list from a variable', moduleWith('{ imports: common }')],
    ['a list in shorthand', moduleWith('{ imports }')],
    ['a list from a call', moduleWith('{ imports: [A].concat(b) }')],
    ['controllers from a variable', moduleWith('{ imports: [], controllers: all }')],
    ['metadata with a spread', moduleWith('{ ...base, providers: [] }')],
    ['metadata with a computed name', moduleWith(`{ ['imp' + 'orts']: [] }`)],
    ['metadata from a variable', moduleWith('metadata')],
    ['no metadata', moduleWith('')],
    ['no module class', `${HEAD}export const AppModule = build();\n`],
    ['a syntax error', moduleWith('{ imports: [ }')],
    ['no import declaration', '@Module({ imports: [] })\nexport class AppModule {}\n'],
    ['an import of the same name from elsewhere', `import { CoinflowAuthModule } from './own';\n${moduleWith('{}')}`],
    [
      'a type import of the name',
      `import type { CoinflowAuthModule } from 'nestjs-coinflow-auth';\n${moduleWith('{}')}`,
    ],
    ['an import with another local name', `import { A as MeController } from './a';\n${moduleWith('{}')}`],
    ['a class of the same name', `${moduleWith('{}')}class MeController {}\n`],
  ])('changes nothing when it finds %s', (_, text) => {
    expect(edit(text)).toBeUndefined();
  });

  const space = fc.constantFrom('', ' ', '\n', '\n    ', '\r\n\t', ' /* a, [b] */ ', ' // ], }\n');
  const element = fc.constantFrom(
    'A',
    'A.forRoot({ list: [1, 2], text: "]" })',
    '...others',
    'forwardRef(() => B)',
    '`${x}],`',
    'A.register({\n  b: [/[\\]]/],\n})',
  );
  const list = fc.tuple(fc.array(fc.tuple(space, element, space)), fc.boolean(), space).map(([items, comma, end]) => {
    const texts = items.map(([before, text, after]) => before + text + after);
    return {
      elements: items.map(([, text]) => text),
      text: `[${texts.join(',')}${comma && items.length ? ',' : ''}${end}]`,
    };
  });

  it('adds only its elements, however the lists are formatted', () => {
    fc.assert(
      fc.property(list, list, space, (imports, controllers, gap) => {
        const text = moduleWith(`{${gap}imports: ${imports.text},${gap}controllers: ${controllers.text}${gap}}`);
        const edited = edit(text) ?? '';
        expect(elementsOf(edited, 'imports')).toEqual([...imports.elements, ...ADDITIONS.imports]);
        expect(elementsOf(edited, 'controllers')).toEqual([...controllers.elements, ...ADDITIONS.controllers]);
        const comments = (code: string): string[] => code.match(/\/\*.*?\*\/|\/\/ \], \}/g) ?? [];
        expect(comments(edited)).toEqual(comments(text));
      }),
    );
  });
});
