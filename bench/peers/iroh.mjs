// usage: iroh.mjs bulk|rpc|conn     QUIC streams of iroh (Rust) through its binding for Node
import { Iroh } from '@number0/iroh'
import { farSide, load, bulk, now, ready, report } from './measure.mjs'

const [what, far] = process.argv.slice(2)
const ALPN = Buffer.from('bench/1')
const BYTES = 512 * 1048576
const SINK = 1
const CALL = 2
const KEPT = 3

// The binding shuts a node down once its handle is collected.
const handles = globalThis.handles = []
const kept = async promise => {
  const handle = await promise
  handles.push(handle)
  return handle
}
const node = extra => kept(Iroh.memory({
  nodeDiscovery: 'None', ipv4Addr: '127.0.0.1:0', ipv6Addr: '[::1]:0', ...extra
}))

async function address (of) { // a fresh node does not know its addresses yet
  for (const until = now() + 10000; now() < until;) {
    const { nodeId, addresses } = await of.net.nodeAddr()
    const local = (addresses ?? []).filter(a => a.startsWith('127.'))
    if (local.length) return { nodeId, addresses: local }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('iroh found no address')
}

async function serve ({ send, recv }) {
  const kind = new Uint8Array(1)
  await recv.readExact(kind)
  if (kind[0] === SINK) {
    const buffer = new Uint8Array(1 << 20)
    let bytes = 0
    for (let n; (n = await recv.read(buffer)) != null;) bytes += Number(n)
    await send.writeAll(new Uint8Array(new Float64Array([bytes]).buffer))
    await send.finish()
  } else if (kind[0] === CALL) {
    await recv.readToEnd(255)
    await send.writeAll(new Uint8Array(256))
    await send.finish()
  } else {
    const message = new Uint8Array(256)
    for (;;) {
      await recv.readExact(message)
      await send.writeAll(message)
    }
  }
}

async function accept (_, connection) {
  handles.push(connection)
  for (;;) {
    const stream = await connection.acceptBi().catch(() => null)
    if (!stream) return
    serve(stream).catch(() => {})
  }
}

async function oneBulk (connection) {
  const { send, recv } = await kept(connection.openBi())
  await send.writeAll(Uint8Array.of(SINK))
  const chunk = new Uint8Array(1 << 20)
  for (let sent = 0; sent < BYTES; sent += chunk.length) await send.writeAll(chunk)
  await send.finish()
  const counted = (await recv.readToEnd(8)).readDoubleLE(0)
  if (counted !== BYTES) throw new Error(`the far side counted ${counted} bytes`)
}

async function rpc (connection) {
  const request = new Uint8Array(256).fill(CALL)
  const call = async () => {
    const { send, recv } = await connection.openBi()
    await send.writeAll(request)
    await send.finish()
    await recv.readToEnd(256) // reading to the end frees the stream's credit
  }
  await load(500, 8, call)
  const figures = { new_stream_1: await load(3000, 1, call), new_stream_32: await load(10000, 32, call) }
  for (const count of [1, 32]) {
    const streams = []
    for (let i = 0; i < count; i++) {
      const stream = await kept(connection.openBi())
      await stream.send.writeAll(Uint8Array.of(KEPT))
      streams.push(stream)
    }
    const ask = async caller => {
      await streams[caller].send.writeAll(request)
      await streams[caller].recv.readExact(new Uint8Array(256))
    }
    await load(1000, count, ask)
    figures[`kept_stream_${count}`] = await load(count === 1 ? 5000 : 20000, count, ask)
  }
  return figures
}

async function connections (to) {
  const nodes = await Promise.all(Array.from({ length: 8 }, () => node()))
  const one = async caller => {
    const endpoint = nodes[caller].node.endpoint()
    const connection = await endpoint.connect(to, ALPN)
    connection.close(0n, new Uint8Array())
  }
  await load(100, 8, one)
  return { one_at_a_time: await load(500, 1, one), eight_at_once: await load(2000, 8, one) }
}

if (far) {
  const protocols = { [ALPN]: () => ({ accept, shutdown: () => {} }) }
  ready({ address: await address(await node({ protocols })) })
} else {
  const server = await farSide(what, 'far')
  let figures
  if (what === 'conn') {
    figures = await connections(server.address)
  } else {
    const client = await node()
    const connection = await kept(client.node.endpoint().connect(server.address, ALPN))
    figures = what === 'bulk'
      ? await bulk(BYTES, 5, () => oneBulk(connection))
      : await rpc(connection)
  }
  server.kill()
  report(figures)
}
