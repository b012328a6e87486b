/** How much lies at a client that it has not pulled yet, against the bound it gave. It is asked to tell when half is out. */
export class Window {
  #bound: { readonly messages: number; readonly bytes: number }
  #sent = 0
  #sentBytes = 0
  #taken = 0
  #takenBytes = 0
  /** What was out when the client was asked. */
  #asked: { readonly count: number; readonly bytes: number } | undefined

  constructor(bound: { readonly messages: number; readonly bytes: number }) {
    this.#bound = bound
  }

  /** One message always goes when nothing is out, however large. */
  fits(count: number, bytes: number): boolean {
    const out = this.#sent - this.#taken
    if (out === 0 && count <= 1) return true
    return out + count <= this.#bound.messages && this.#sentBytes - this.#takenBytes + bytes <= this.#bound.bytes
  }

  /** Not even a small one fits. */
  get starved(): boolean {
    return !this.fits(1, 1)
  }

  /** True if the client has to be asked now. */
  sent(count: number, bytes: number): boolean {
    this.#sent += count
    this.#sentBytes += bytes
    const half =
      this.#sent - this.#taken >= this.#bound.messages / 2 ||
      this.#sentBytes - this.#takenBytes >= this.#bound.bytes / 2
    return half && this.ask()
  }

  /** True unless an answer is still due. */
  ask(): boolean {
    if (this.#asked) return false
    this.#asked = { count: this.#sent, bytes: this.#sentBytes }
    return true
  }

  taken(count: number): void {
    this.#taken = Math.max(this.#taken, Math.min(count, this.#sent))
    if (!this.#asked || this.#taken < this.#asked.count) return
    this.#takenBytes = this.#asked.bytes
    this.#asked = undefined
  }

  resize(bound: { readonly messages: number; readonly bytes: number }): void {
    this.#bound = bound
  }
}
