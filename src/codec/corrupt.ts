/** What a reader throws where bytes make no sense; the decoder, which knows the frame, makes `CorruptFrame` of it. */
export class Corrupt {
  readonly what: string
  constructor(what: string) {
    this.what = what
  }
}
