import { exec } from 'child_process'
export const atLoad = () => exec('load part')
export const onCall = () => exec('call part')
export default { never() { exec('call never') } }
