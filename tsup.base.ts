import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { basename, extname } from 'node:path'
import type { Options } from 'tsup'

/** Configurations run in their package's folder. */
const tsc = '../../node_modules/typescript7/bin/tsc'
const declared = '.types'
/** What one file exports is said in it (see tsconfig.declarations.json): its declarations need no other file, and no check. */
const alone = [
  '--ignoreConfig',
  '--declaration',
  '--emitDeclarationOnly',
  '--isolatedDeclarations',
  '--noCheck',
  '--noResolve',
]
const language = ['--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler', '--jsx', 'react-jsx']

/** One shape for every published package: ESM, CJS and declarations, side by side in dist/. */
export function library(options: Options = {}): Options {
  const entry = options.entry ?? ['src/index.ts']
  return {
    format: ['esm', 'cjs'],
    target: 'es2022',
    clean: true,
    treeshake: true,
    ...options,
    entry,
    dts: options.dts === false ? false : declarations(entry),
  }
}

/** The declarations of each file, made by the fast compiler, for tsup to bundle: those of core take 2 s of processor time, made by tsup itself 14 s. */
function declarations(entry: NonNullable<Options['entry']>): Exclude<Options['dts'], boolean | string | undefined> {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
  const files = sources.filter((file) => !/\.(test|cases)\.tsx?$/.test(file)).map((file) => `src/${file}`)
  rmSync(declared, { recursive: true, force: true })
  execFileSync(process.execPath, [tsc, ...alone, ...language, '--rootDir', 'src', '--outDir', declared, ...files], {
    stdio: 'inherit',
  })
  return {
    entry: Object.fromEntries(named(entry).map(([name, file]) => [name, declarationOf(file)])),
    // tsup still sets `baseUrl`, which TypeScript 6 only accepts with this switch. Other packages are read as users get them;
    // itself a package has not built yet, when a second entry of it imports the first.
    compilerOptions: {
      ignoreDeprecations: '6.0',
      paths: { [`${process.env['npm_package_name']}`]: [`./${declared}/index.d.ts`] },
    },
    // Brings `AsyncDisposable` to programs that only load the library of their own target.
    banner: '/// <reference lib="esnext.disposable" />\n',
  }
}

/** Entries by the names that their bundles have. */
function named(entry: NonNullable<Options['entry']>): readonly (readonly [name: string, file: string])[] {
  return Array.isArray(entry) ? entry.map((file) => [basename(file, extname(file)), file]) : Object.entries(entry)
}

function declarationOf(file: string): string {
  return file.replace(/^src/, declared).replace(/\.tsx?$/, '.d.ts')
}
