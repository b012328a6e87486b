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

/**
 * Checks a value and goes on with the schema's output: at once, or later where the schema gives a promise. `refuse` makes the
 * error for what does not fit, and for a schema that fails itself.
 */
export function validate<Next>(
  schema: StandardSchema,
  value: unknown,
  next: (output: unknown) => Next,
  refuse: (why: string, cause?: unknown) => Error,
): Next | Promise<Next> {
  const settle = (result: SchemaResult<unknown>): Next => {
    if (result.issues) throw refuse(describeIssues(result.issues))
    return next(result.value)
  }
  const fail = (cause: unknown): never => {
    throw refuse(`its schema failed with ${cause}`, cause)
  }
  let result: SchemaResult<unknown> | Promise<SchemaResult<unknown>>
  try {
    result = schema['~standard'].validate(value)
  } catch (cause) {
    return fail(cause)
  }
  return result instanceof Promise ? result.then(settle, fail) : settle(result)
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
