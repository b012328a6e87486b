import type { Verdict } from './judge.js'
import { nameOf, type Property, titleOf } from './property.js'

export interface SummaryRow {
  readonly name: string
  readonly title: string
  readonly verdict: Verdict
}

/** What came of each property, to be printed or asked after the run. */
export class Summary {
  readonly driver: string
  readonly rows: SummaryRow[] = []

  constructor(driver: string) {
    this.driver = driver
  }

  add(property: Property, verdict: Verdict): void {
    this.rows.push({ name: nameOf(property), title: titleOf(property), verdict })
  }

  /** One line per property that did not simply pass, and the passed ones together. */
  toString(): string {
    const at = (kind: Verdict['at']) => this.rows.filter((row) => row.verdict.at === kind)
    const [passed, skipped, failed] = [at('passed'), at('skipped'), at('failed')]
    const width = Math.max(6, ...this.rows.map((row) => row.name.length))
    return [
      `${this.driver}: ${passed.length} passed, ${skipped.length} skipped, ${failed.length} failed`,
      ...failed.map(({ name, verdict }) => `  ${name.padEnd(width)}  failed   ${reasonOf(verdict)}`),
      ...skipped.map(({ name, verdict }) => `  ${name.padEnd(width)}  skipped  ${reasonOf(verdict)}`),
      `  passed: ${passed.map((row) => row.name).join(', ')}`,
    ].join('\n')
  }
}

function reasonOf(verdict: Verdict): string {
  switch (verdict.at) {
    case 'passed':
      return ''
    case 'skipped':
      return verdict.reason
    case 'failed':
      return String(verdict.error).split('\n', 1)[0] ?? ''
    default:
      return verdict satisfies never
  }
}
