import type { Contract } from './contract.js'

/**
 * Standard Schema v1, the interface that zod, valibot, arktype and others implement; written out here so that this
 * package depends on none of them. Source: standardschema.dev, version 1.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What fitted: the schema's output. */
export interface Valid {
  readonly value: unknown
}

/** Makes the error for what does not fit, and for a schema that fails itself. */
export type Refuse = (contract: Contract, why: string, cause?: unknown) => Error

/**
 * Checks a value of a contract: at once, or later where the schema gives a promise. Runs per message: nothing is made here
 * as long as all goes well at once.
 */
export function validate(
  contract: Contract,
  schema: StandardSchema,
  value: unknown,
  refuse: Refuse,
): Valid | Promise<Valid> {
  let result: SchemaResult<unknown> | Promise<SchemaResult<unknown>>
  try {
    result = schema['~standard'].validate(value)
  } catch (cause) {
    throw failure(contract, refuse, cause)
  }
  if (!(result instanceof Promise)) return valid(contract, refuse, result)
  return result.then(
    (later) => valid(contract, refuse, later),
    (cause: unknown) => {
      throw failure(contract, refuse, cause)
    },
  )
}

function valid(contract: Contract, refuse: Refuse, result: SchemaResult<unknown>): Valid {
  if (result.issues) throw refuse(contract, describeIssues(result.issues))
  return result
}

function failure(contract: Contract, refuse: Refuse, cause: unknown): Error {
  return refuse(contract, `its schema failed with ${cause}`, cause)
}

/** What did not fit, and where: `price: expected number; legs.0.side: required`. The first five. */
function describeIssues(issues: readonly SchemaIssue[]): string {
  return issues
    .slice(0, 5)
    .map(({ message, path }) => {
      const at = path?.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
      return at ? `${at}: ${message}` : message
    })
    .join('; ')
}
