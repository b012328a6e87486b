import { json, type StandardSchema, text } from '@spanwire/core'

/** Any JSON, taken for what the test says it is. */
export function shape<Value>(): StandardSchema<Value> {
  return json as StandardSchema<Value>
}

export { text }

/** The first `count` of an iteration, which is then left. */
export async function take<Item>(source: AsyncIterable<Item>, count: number): Promise<Item[]> {
  const got: Item[] = []
  for await (const item of source) {
    got.push(item)
    if (got.length >= count) break
  }
  return got
}

export function range(count: number, from = 1): number[] {
  return Array.from({ length: count }, (_, at) => from + at)
}

/** A promise and its end, with a count that it waits for. */
export function countdown(count: number): { readonly done: Promise<void>; hit(): void } {
  let left = count
  let end = (): void => undefined
  const done = new Promise<void>((resolve) => {
    end = resolve
  })
  if (count === 0) end()
  return {
    done,
    hit: () => {
      left -= 1
      if (left === 0) end()
    },
  }
}

/** What a promise rejects with; resolves with `undefined` when it does not. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return undefined
  } catch (error) {
    return error
  }
}
