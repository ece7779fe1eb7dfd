import { exec } from 'child_process'
export async function start() { await null; exec('load start') }
export async function later() { await null; exec('call later') }
start()
const own = { then(resolve) { exec('load then'); resolve() } }
async function waits() { await own }
waits()
Promise.resolve(1).then(() => exec('load resolved'))
export const chain = () => Promise.resolve(1).then(() => exec('call resolved'))
const failed = async () => { try { throw { run() { exec('load thrown') } } } catch (e) { e.run() } }
failed()
export const retry = async () => { try { await later() } catch { exec('call retry') } finally { exec('call finally') } }
