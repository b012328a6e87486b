import type { StandardSchema } from '@spanwire/core'

/** Takes whatever the type says: these tests are about pages, not about schemas. */
export function schema<Value>(): StandardSchema<Value> {
  return {
    '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Value }) },
  }
}

export interface Quote {
  readonly symbol: string
  readonly bid: number
  readonly ask?: number
}
