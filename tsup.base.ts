import type { Options } from 'tsup'

/** What starts or tests runs without them, and they take nine tenths of a build. */
const declarations: NonNullable<Options['dts']> = {
  // tsup still sets `baseUrl`, which TypeScript 6 only accepts with this switch. Other packages are read as users get them;
  // itself a package has not built yet, when a second entry of it imports the first.
  compilerOptions: { ignoreDeprecations: '6.0', paths: { [`${process.env['npm_package_name']}`]: ['./src/index.ts'] } },
  // Brings `AsyncDisposable` to programs that only load the library of their own target.
  banner: '/// <reference lib="esnext.disposable" />\n',
}

/** One shape for every published package: ESM, CJS and declarations, side by side in dist/. */
export function library(options: Options = {}): Options {
  return {
    entry: ['src/index.ts'],
    format: ['esm', 'cjs'],
    target: 'es2022',
    clean: true,
    treeshake: true,
    dts: process.env['SPANWIRE_DECLARATIONS'] === 'none' ? false : declarations,
    ...options,
  }
}
