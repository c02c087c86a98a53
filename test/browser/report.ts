/** What a page tells of what ran in it. */
export interface Report {
  readonly vectors: readonly { readonly name: string; readonly passed: number; readonly failed: readonly string[] }[]
  readonly echo: string
}
