/**
 * A vitest reporter: lists every skipped test with its reason. In CI a skip without a reason fails the run, for nobody
 * would notice it otherwise. A test gives its reason by `context.skip('reason')`. What `-t` leaves out is not counted.
 */
export default class Skips {
  #wholeFiles = true

  /** @param {import('vitest/node').Vitest} vitest */
  onInit(vitest) {
    this.#wholeFiles = vitest.config.testNamePattern === undefined
  }

  /** @param {readonly import('vitest/node').TestModule[]} modules */
  onTestRunEnd(modules) {
    if (!this.#wholeFiles) return
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')])
    const unexplained = skipped.filter((test) => reasonOf(test) === undefined)
    for (const [reason, tests] of byReason(skipped))
      console.log(`skipped ${tests.length}: ${reason}${tests.map(listed).join('')}`)
    if (unexplained.length === 0 || !process.env['CI']) return
    console.error(`${unexplained.length} tests were skipped without a reason, which fails a run in CI`)
    process.exitCode = 1
  }
}

/** @param {readonly import('vitest/node').TestCase[]} tests */
function byReason(tests) {
  /** @type {Map<string, import('vitest/node').TestCase[]>} */
  const groups = new Map()
  for (const test of tests) {
    const reason = reasonOf(test) ?? 'no reason given'
    groups.set(reason, [...(groups.get(reason) ?? []), test])
  }
  return groups
}

/** @param {import('vitest/node').TestCase} test */
function reasonOf(test) {
  const result = test.result()
  return result.state === 'skipped' ? result.note : undefined
}

/** @param {import('vitest/node').TestCase} test */
function listed(test) {
  return `\n  ${test.module.relativeModuleId} > ${test.fullName}`
}
