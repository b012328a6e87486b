import type { Options } from 'tsup'

/** One shape for every published package: ESM, CJS and declarations, side by side in dist/. */
export function library(options: Options = {}): Options {
  return {
    entry: ['src/index.ts'],
    format: ['esm', 'cjs'],
    target: 'es2022',
    clean: true,
    treeshake: true,
    // tsup's declaration build still sets `baseUrl`, which TypeScript 6 only accepts with this switch.
    // The banner brings `AsyncDisposable` to programs that only load the library of their own target.
    dts: {
      compilerOptions: { ignoreDeprecations: '6.0', paths: {} },
      banner: '/// <reference lib="esnext.disposable" />\n',
    },
    ...options,
  }
}
