import type * as z from 'zod'

type Issue = z.core.$ZodIssue

/** A line per wrong place: its path, what is there, what would be allowed. */
export function explainIssues(issues: readonly Issue[], value: unknown): string[] {
  return issues.flatMap((issue) => explain(issue, value, []))
}

function explain(issue: Issue, value: unknown, above: readonly PropertyKey[]): string[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `  ${at([...path, key])}: unknown key`)
  if (issue.code === 'invalid_union') return explainUnion(issue, value, path)
  if (issue.code === 'invalid_value')
    return [`  ${at(path)}: ${shown(value, path)} is not allowed; allowed: ${issue.values.map(String).join(', ')}`]
  return [`  ${at(path)}: ${issue.message}`]
}

/** Of several shapes the one that comes nearest speaks: the fewest complaints, deepest inside. */
function explainUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  value: unknown,
  path: readonly PropertyKey[],
): string[] {
  const shapes = issue.errors.filter((issues) => issues.length > 0)
  const deepest = Math.max(0, ...shapes.map(depth))
  const nearest = shapes.filter((issues) => depth(issues) === deepest)
  if (deepest > 0 && nearest[0] !== undefined) return nearest[0].flatMap((one) => explain(one, value, path))
  const kinds = 'options' in issue ? (issue.options ?? []).map(String) : []
  const options = [...kinds, ...shapes.flatMap((issues) => issues.map(option))].filter(
    (text, index, all) => text !== '' && all.indexOf(text) === index,
  )
  const allowed = options.length > 0 ? `; allowed: ${options.join(', ')}` : ''
  return [`  ${at(path)}: ${shown(value, path)} fits none of its forms${allowed}`]
}

function depth(issues: readonly Issue[]): number {
  return Math.max(...issues.map((issue) => (issue.code === 'unrecognized_keys' ? 0 : issue.path.length)))
}

function option(issue: Issue): string {
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', ')
  if (issue.code === 'invalid_type' && issue.path.length > 0) return `{ ${String(issue.path.at(-1))}: ... }`
  return issue.code === 'invalid_type' && issue.expected !== 'object' ? issue.expected : ''
}

function at(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '(top)' : path.map(String).join('.')
}

function shown(value: unknown, path: readonly PropertyKey[]): string {
  let inner = value
  for (const key of path) inner = Object(inner)[key]
  return JSON.stringify(inner) ?? 'nothing'
}
