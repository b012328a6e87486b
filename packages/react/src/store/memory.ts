/** Gives the last answer again for the same inputs, and for other ones when `same` says that the new answer is no news. */
export type Memory<Answer> = (
  inputs: readonly unknown[],
  make: () => Answer,
  same?: (before: Answer, now: Answer) => boolean,
) => Answer

export function createMemory<Answer>(): Memory<Answer> {
  let last: readonly [answer: Answer, inputs: readonly unknown[]] | undefined
  return (inputs, make, same) => {
    if (!last || inputs.some((input, at) => !Object.is(input, last?.[1][at]))) {
      const answer = make()
      last = [last && same?.(last[0], answer) ? last[0] : answer, inputs]
    }
    return last[0]
  }
}
