/**
 * Why a broker does not take a token: it says so in JSON in the answer, and only later calls that an error, which neither library waits
 * for. Throws then. An answer that is empty, but perhaps for its length, is a yes.
 */
export function assertTaken(answer: Uint8Array): void {
  const [said] = /\{.*\}/s.exec(Buffer.from(answer).toString()) ?? []
  if (said !== undefined) throw new Error(`SASL authentication failed: the token was refused: ${said}`)
}
