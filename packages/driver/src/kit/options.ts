import { linkError } from './errors.js'

/** What one option may be. */
export type OptionForm =
  | {
      /** How errors call it. */
      readonly allowed: string
      fits(value: unknown): boolean
    }
  /** An object with options of its own. */
  | { readonly inside: OptionForms }

/** Every option by its name. Of `keyof Options`, so that none is forgotten. */
export type OptionForms<Name extends string = string> = { readonly [Each in Name]: OptionForm }

export const text: OptionForm = {
  allowed: 'a text',
  fits: (value) => typeof value === 'string' && value !== '',
}

export const texts: OptionForm = {
  allowed: 'a list of texts',
  fits: (value) => Array.isArray(value) && value.every(text.fits),
}

export const flag: OptionForm = { allowed: 'true, false', fits: (value) => typeof value === 'boolean' }

/** What only a program can give, and no file: an object or a function. */
export const made: OptionForm = {
  allowed: 'what a program makes',
  fits: (value) => typeof value === 'function' || (typeof value === 'object' && value !== null),
}

export function atLeast(least: number): OptionForm {
  return { allowed: `a number, ${least} or more`, fits: (value) => typeof value === 'number' && value >= least }
}

export function wholeAtLeast(least: number): OptionForm {
  return {
    allowed: `a whole number, ${least} or more`,
    fits: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  }
}

export function oneOf(...values: readonly string[]): OptionForm {
  return { allowed: values.join(', '), fits: (value) => values.includes(value as string) }
}

/**
 * Throws `invalid` when an option is unknown or wrong: a line for each, which begins with its path (`options.times.answerMs`) and
 * says what is allowed. What is there is not told: it may be a secret that was put in the wrong place.
 */
export function assertOptions(options: object, forms: OptionForms): void {
  const lines = faults('options', options, forms)
  if (lines.length > 0) throw linkError('invalid', lines.join('\n'))
}

function faults(path: string, options: object, forms: OptionForms): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const at = `${path}.${name}`
    const form = Object.hasOwn(forms, name) ? forms[name] : undefined
    if (form === undefined) return [`${at}: unknown key; allowed: ${Object.keys(forms).join(', ')}`]
    if (value === undefined) return []
    if ('fits' in form) return form.fits(value) ? [] : [`${at}: this is not allowed; allowed: ${form.allowed}`]
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return faults(at, value, form.inside)
    return [`${at}: this is not allowed; allowed: an object with ${Object.keys(form.inside).join(', ')}`]
  })
}
