export async function lazily() { const m = await import('./part'); m.onCall() }
import('./part').then(m => m.atLoad())
export const handle = import('./part')
export default async function () { (await import('child_process')).exec('call imported') }
