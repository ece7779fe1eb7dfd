// Observes which of the things that a built-in is given it calls, reads and hands on.
// In: names, as builtins.map spells them. Out: for each what its line says.
'use strict'
const modules = ['util', 'path', 'events', 'url', 'querystring', 'buffer', 'timers', 'async_hooks', 'string_decoder', 'assert', 'stream', 'module', 'vm', 'v8']
const { EventEmitter } = require('events')
const never = () => {}
process.on('unhandledRejection', never)
process.on('uncaughtException', never)
process.emitWarning = never
const quiet = () => new (require('stream').Writable)({ write (chunk, encoding, done) { done() } })
const silent = new (require('console').Console)(quiet(), quiet())
const receivers = {
  Array: token => [[token, 'x'], ['y', token]], String: () => ['xay'], Number: () => [65], RegExp: () => [/x/g, /x/], Function: () => [function () {}],
  Map: token => [new Map([['x', token]])], Set: token => [new Set([token, 'x'])], WeakMap: () => [new WeakMap()], WeakSet: () => [new WeakSet()],
  Promise: token => [Promise.resolve(token), Promise.reject(token)], Object: token => [{ a: token, x: 'x' }], URLSearchParams: () => [new URLSearchParams('x=a')], Headers: () => [new Headers({ x: 'a' })],
  FormData: () => [new FormData()], EventEmitter: () => { const e = new EventEmitter(); e.on('error', never); return [e] },
  Buffer: () => [Buffer.from('xay')], Uint8Array: () => [new Uint8Array([120, 97])], Date: () => [new Date(0)], TextEncoder: () => [new TextEncoder()], TextDecoder: () => [new TextDecoder()],
  AbortSignal: () => [new AbortController().signal], EventTarget: () => [new EventTarget()], Generator: token => [(function * () { yield token })()], Error: () => [new Error('x')]
}
const find = name => {
  const [left, method] = name.split('#')
  const names = left.split('.')
  let root = names[0] === 'console' ? silent : modules.includes(names[0]) ? require(names[0]) : globalThis[names[0]] ?? (names[0] === 'EventEmitter' ? EventEmitter : undefined)
  let owner = globalThis
  for (const key of names.slice(1)) { owner = root; root = root[key] }
  if (method === undefined) return { f: root, owner }
  if (left === 'Generator') return { f: Object.getPrototypeOf(function * () {}).prototype[method], kind: left }
  return { f: root.prototype[method], kind: left }
}
// What a value is made of, two levels deep.
const inside = (v, depth = 0) => {
  const out = []
  if (typeof v === 'function' && typeof v.listener === 'function') return [v.listener]
  if (v === null || typeof v !== 'object' || depth > 1 || Buffer.isBuffer(v)) return out
  try {
    if (v instanceof Map) for (const [a, b] of v) out.push(a, b)
    else if (v[Symbol.iterator] && !Array.isArray(v) && typeof v !== 'string' && (v instanceof Set || typeof v.next === 'function' || typeof v.entries === 'function')) out.push(...v)
    else for (const key of Reflect.ownKeys(v)) { const d = Object.getOwnPropertyDescriptor(v, key); out.push(d.value, d.get, d.set) }
  } catch {}
  return out.concat(...out.map(x => inside(x, depth + 1)))
}
const textOf = v => {
  const parts = []
  for (const x of [v, ...inside(v)]) {
    if (typeof x === 'string') parts.push(x)
    else if (Buffer.isBuffer(x) || x instanceof Uint8Array) parts.push(Buffer.from(x).toString('latin1'))
    else if (x instanceof URL || x instanceof URLSearchParams) parts.push(String(x))
  }
  return parts.join('|')
}
const fillers = () => [undefined, 'x', 1, { a: 1 }, ['x'], () => 'x']
const missing = Symbol('missing')
const settle = async v => {
  for (let i = 0; i < 3 && v && typeof v.then === 'function'; i++) v = await Promise.race([v, new Promise(resolve => setTimeout(resolve, 30))])
  return v
}
const observe = async name => {
  const { f, owner, kind } = find(name)
  if (typeof f !== 'function') return [name, undefined]
  const out = {}
  const note = (what, i) => { (out[what] ??= new Set()).add(i) }
  const isClass = typeof f === 'function' && /^class\b/.test(Function.prototype.toString.call(f)) || /^(Map|Set|WeakMap|WeakSet|WeakRef|Promise|URL|URLSearchParams|Headers|FormData|ArrayBuffer|(Aggregate)?Error|Date|Proxy|Intl\.\w+|TextDecoder|TextEncoder|events|EventEmitter)$/.test(name)
  const jobs = []
  const call = (self, list) => {
    while (list.length && list.at(-1) === missing) list.pop()
    list = list.map(v => v === missing ? undefined : v)
    try { return isClass ? Reflect.construct(f, list) : Reflect.apply(f, self, list) } catch { return missing }
  }
  const combinations = i => {
    const all = []
    for (const a of [missing, ...fillers()]) for (const b of [missing, ...fillers()]) all.push(p => { const rest = [a, b]; return [0, 1, 2].slice(0, 3).map(k => k === i ? p : rest.shift() ?? missing) })
    if (i === 3) return [p => ['x', 'x', 'x', p], p => [() => 'x', 'x', 'x', p], p => [1, 1, 1, p], p => [{ a: 1 }, {}, {}, p], p => ['x', () => 'x', 'x', p], p => [['x'], 1, 1, p]]
    return all
  }
  const selves = token => kind ? (receivers[kind] ?? (() => [{}]))(token) : [owner]
  for (let i = 0; i < 4; i++) {
    const count = combinations(i).length
    for (let c = 0; c < count; c++) {
      for (let r = 0; r < selves({}).length; r++) {
        const build = p => combinations(i)[c](p)
        // A function: is it called?
        let phase = 'calls'
        const token = { token: 1 }
        const spy = function () { note(phase, i); return token }
        let self = selves({})[r]
        let result = call(self, build(spy))
        const called = out.calls?.has(i)
        if (typeof result === 'function' && result !== spy) {
          phase = 'wraps'
          try { settle(result('x', never)).catch(never) } catch {}
        }
        phase = 'keeps'
        try { if (self instanceof EventEmitter) self.emit('x', 1); else if (self instanceof EventTarget) self.dispatchEvent(new Event('x')) } catch {}
        phase = 'later'
        if (result !== missing && called) {
          if (result === token) note('gives', 'call')
          else if (inside(result).includes(token)) note('holds', 'call')
        }
        if (result !== missing) {
          jobs.push((async () => {
            const v = await settle(result).catch(error => error)
            if (v === token) note('gives', 'call')
            if (v === spy) note('gives', i)
            else if (v !== spy && v !== self && inside(v).includes(spy)) note('holds', i)
          })())
          if (kind && self !== null && typeof self === 'object' && inside(self).includes(spy)) note('puts', i)
        }
        // An object: what is looked at? An error's message looks at much.
        const read = new Set()
        const seen = new Proxy({ a: 1, length: 1, 0: 'x' }, {
          get (target, key) {
            if (key === 'toJSON') return () => { note('json', i); return 1 }
            if (key === Symbol.toPrimitive) return () => { note('converts', i); return 'x' }
            if (key === 'toString' || key === 'valueOf') return () => { note('converts', i); return 'x' }
            if (key === Symbol.iterator) return function * () { note('iterates', i); yield ['x', 'y'] }
            if (key === 'then') return resolve => { note('then', i); if (typeof resolve === 'function') resolve(1) }
            if (typeof key === 'string') read.add(i)
            return target[key]
          }
        })
        if (call(selves({})[r], build(seen)) !== missing) for (const i of read) note('reads', i)
        // An object, and what holds it: is it handed on?
        for (const given of [token, [token, ['k', token]], { value: token, a: token, x: { value: token } }]) {
          self = selves({})[r]
          const list = build(given)
          const result = call(self, list)
          if (result === missing) continue
          jobs.push(settle(result).then(v => {
            if (v === given) note('gives', i)
            else if (v === token) note('gives', i + '[]')
            else if (v !== list[0] || i === 0) { const all = v === self ? [] : inside(v); if (all.includes(given)) note('holds', i); else if (all.includes(token)) note('holds', i + '[]') }
          }).catch(never))
          if (kind && self !== null && typeof self === 'object') { const all = inside(self); if (all.includes(given)) note('puts', i); else if (all.includes(token)) note('puts', i + '[]') }
          if (!kind && i > 0 && list[0] && typeof list[0] === 'object') { const all = inside(list[0]); if (all.includes(given)) note('puts', i); else if (all.includes(token)) note('puts', i + '[]') }
        }
        // A text: does the result depend on it?
        for (const pair of [['https://h.test/bb', 'https://h.test/aa'], ['61', '62'], ['YWFh', 'YmJi'], ['/aa/p.y', '/bb/q.z'], ['file:///aa', 'file:///bb'], [[Buffer.from('a')], [Buffer.from('b')]], [{ a: 'a' }, { a: 'b' }]]) {
          const [a, b] = pair.map(t => call(selves({})[r], build(t)))
          if (a !== missing && b !== missing && textOf(a) !== textOf(b)) note('made', i)
        }
      }
    }
  }
  // The receiver.
  if (kind) {
    for (const build of combinations(2).slice(0, 49)) {
      const token = { token: 2 }
      for (const self of selves(token)) {
        const result = call(self, build(missing))
        if (result === missing) continue
        jobs.push(settle(result).then(v => {
          if (v === self) note('gives', 'this')
          else if (v === token) note('gives', 'this[]')
          else if (inside(v).includes(token)) note('holds', 'this[]')
        }).catch(never))
      }
      const other = { String: () => 'zbz', Buffer: () => Buffer.from('zbz'), URLSearchParams: () => new URLSearchParams('x=b'), Array: () => ['z', 'b'], Error: () => new Error('z') }[kind]
      if (other) {
        const [a, b] = [call(receivers[kind]('w')[0], build(missing)), call(other(), build(missing))]
        if (a !== missing && b !== missing && textOf(a) !== textOf(b)) note('made', 'this')
      }
    }
    if (kind === 'Function') {
      for (const build of combinations(2)) {
        let phase = 'calls'
        const token = { token: 5 }
        const spy = function (...args) { note(phase, 'this'); if (args.includes(token)) note('hands', 'rest'); return token }
        const result = call(spy, build(missing))
        if (result === token) note('gives', 'call')
        phase = 'wraps'
        try { if (typeof result === 'function' && result() === token) note('gives', 'wraps') } catch {}
      }
    }
    // What callbacks are given.
    for (const build of [spy => [spy], spy => ['x', spy], spy => [spy, 'x'], spy => [/x/g, spy]]) {
      const token = { token: 3 }
      for (const self of selves(token)) {
        call(self, build((...args) => { if (args.includes(token)) note('hands', 'this[]'); if (args.includes(self) && typeof self === 'object') note('hands', 'this'); return false }))
      }
    }
  } else {
    for (const build of [(p, spy) => [p, spy], (p, spy) => [spy, p], (p, spy) => [spy, 'x', p], (p, spy) => [spy, 1, p]]) {
      const token = { token: 4 }
      for (const given of [token, [token]]) {
        const list = []
        const spy = (...args) => {
          const at = list.indexOf(given)
          if (args.includes(given)) note('hands', at)
          else if (args.includes(token)) note('hands', at + '[]')
          return false
        }
        list.push(...build(given, spy))
        call(owner, [...list])
      }
    }
  }
  await Promise.all(jobs)
  // A text is what its parts are; what is handed on as it is was not made of it.
  if (kind === 'String') out.gives?.delete('this')
  for (const i of [...out.made ?? []]) {
    for (const what of ['gives', 'holds', 'puts']) if (out[what]?.has(i) || out[what]?.has(i + '[]')) out.made.delete(i)
  }
  if (/^(timers\.)?set(Timeout|Interval|Immediate)$/.test(name)) delete out.holds, delete out.made // of the timer itself
  return [name, out]
}
const main = async () => {
  const names = JSON.parse(require('fs').readFileSync(0, 'utf8'))
  const all = await Promise.all([...new Set(names)].map(async n => { try { return await observe(n) } catch (error) { return [n, { error: String(error) }] } }))
  setTimeout(() => {
    const text = JSON.stringify(Object.fromEntries(all.filter(([, o]) => o).map(([n, o]) => [n, Object.fromEntries(Object.entries(o).filter(([, v]) => v.size !== 0).map(([k, v]) => [k, v instanceof Set ? [...v].map(String).sort() : v]))])))
    require('fs').writeSync(1, text)
    process.reallyExit(0)
  }, 300)
}
main()
