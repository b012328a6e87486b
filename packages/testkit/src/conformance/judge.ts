import type { Link } from '@spanwire/driver'
import type { Rig, Skips } from './harness.js'
import { Inapplicable, nameOf, type Property } from './property.js'
import { Trial } from './trial.js'

/** What came of one property. */
export type Verdict =
  | { readonly at: 'passed' }
  | { readonly at: 'skipped'; readonly reason: string }
  | { readonly at: 'failed'; readonly error: unknown }

/**
 * Runs one property to its end and cleans up. Rejects with what the driver did wrong, or with `Inapplicable`.
 * `shared`: over this link, beside others, instead of links of its own.
 */
export async function conduct(property: Property, rig: Rig, shared?: Link): Promise<void> {
  const trial = new Trial(rig, nameOf(property), shared)
  const wrong = await property.run(trial).then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  const left = await trial.finish().then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  if (shared === undefined) await rig.tidy?.()
  const first = wrong ?? left
  if (first !== undefined) throw first.error
}

/** Runs the property unless the harness cannot, and holds declared skips against what is really so. */
export async function judge(property: Property, rig: Rig, skips: Skips = {}): Promise<Verdict> {
  const declared = declaredFor(property, skips)
  const missing = (property.needs ?? []).filter((need) => rig[need] === undefined)
  if (missing.length > 0) {
    const reason = declared ?? rig.lacks
    return reason === undefined ? undeclared(property, missing) : skipped(reason)
  }
  try {
    await conduct(property, rig)
  } catch (error) {
    if (error instanceof Inapplicable) return skipped(declared ? `${declared} (${error.message})` : error.message)
    return declared === undefined ? { at: 'failed', error } : stale(property, declared, `it fails: ${String(error)}`)
  }
  return declared === undefined ? { at: 'passed' } : stale(property, declared, 'it passes')
}

/** Keys of `skip` that name no property: they would skip nothing, ever. */
export function unknownSkips(properties: readonly Property[], skips: Skips = {}): string[] {
  const names = new Set(properties.flatMap((one) => [one.id as string, nameOf(one)]))
  return Object.keys(skips).filter((name) => !names.has(name))
}

/** What is declared for it, by its part or as a whole. */
export function declaredFor(property: Property, skips: Skips): string | undefined {
  const byName: Readonly<Record<string, string | undefined>> = skips
  return byName[nameOf(property)] ?? byName[property.id]
}

function skipped(reason: string): Verdict {
  return { at: 'skipped', reason }
}

function undeclared(property: Property, missing: readonly string[]): Verdict {
  const error = new Error(
    `${nameOf(property)} needs \`${missing.join('`, `')}\` of the harness, which has none: ` +
      `provide it, or declare why not with skip: { '${nameOf(property)}': '...' }`,
  )
  return { at: 'failed', error }
}

function stale(property: Property, declared: string, because: string): Verdict {
  const error = new Error(
    `the skip of ${nameOf(property)} (${declared}) is stale: the harness has all that it needs, ` +
      `the engine claims the ability, and ${because}`,
  )
  return { at: 'failed', error }
}
