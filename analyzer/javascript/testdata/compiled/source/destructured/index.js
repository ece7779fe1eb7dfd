import { exec } from 'child_process'
const { a = exec('load missing') } = {}
const { b = exec('call present'), ...rest } = { b: 1, c() { exec('call rest') } }
let done
const once = () => done ??= exec('load assigned')
once()
export const none = () => done &&= exec('call assigned')
export { a as first, b as second, rest }
