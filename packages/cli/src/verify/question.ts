import type { StandardSchema } from '@spanwire/core'

/** What a verify-requester asks, as JSON. */
export interface Question {
  readonly id: string
  /** From 1. */
  readonly n: number
}

/** What a verify-responder answers. */
export interface Answer extends Question {
  /** The site that brought the question. */
  readonly site: string
}

export const questionSchema: StandardSchema<Question> = schemaOf('verify-requester')
export const answerSchema: StandardSchema<Answer> = schemaOf('verify-responder')

function schemaOf<Value extends Question>(who: string): StandardSchema<Value> {
  const validate = (value: unknown) => {
    const { id, n } = Object(value) as Record<string, unknown>
    // The rest is only passed on to who reads our lines.
    return typeof id === 'string' && Number.isInteger(n)
      ? { value: value as Value }
      : { issues: [{ message: `not of a ${who}` }] }
  }
  return { '~standard': { version: 1, vendor: 'spanwire-verify', validate } }
}
