/** The checkers of vectors read hex through it; in a page it is not global. */
export { Buffer } from 'buffer'
