// usage: libp2p-nat.mjs relay IP                  js-libp2p that relays for the others
//        libp2p-nat.mjs host RELAY-ADDRESS STUN   js-libp2p behind some router
//
// Speaks lines of JSON. A question on stdin has a number n, its answer has the same one:
//   {n, ask: 'facts'}                                      {n, id, addresses}
//   {n, ask: 'connect', id, addresses, direct, wait_ms}    {n, path, first_ms, direct_ms, dead}
//   {n, ask: 'part', id}                                   {n, left}
// or {n, failure}. It ends with its parent.
//
// A dial goes to the addresses that the other has got, as js-libp2p sorts them: public ones before
// those through the relay. From the relay its DCUtR moves the connection: a plain dial of the
// public addresses of the one who dialled, then a WebRTC connection with hole punching (ICE). It
// opens neither QUIC nor TCP holes, since js-libp2p dials from other sockets than it listens on.
import readline from 'node:readline'
import { createLibp2p } from 'libp2p'
import { noise } from '@chainsafe/libp2p-noise'
import { quic } from '@chainsafe/libp2p-quic'
import { autoNATv2 } from '@libp2p/autonat-v2'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { dcutr } from '@libp2p/dcutr'
import { identify, identifyPush } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { uPnPNAT } from '@libp2p/upnp-nat'
import { isPrivate } from '@libp2p/utils'
import { webRTC } from '@libp2p/webrtc'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { now } from './measure.mjs'

const [role, at, stun] = process.argv.slice(2)
const ECHO = '/bench/echo/1'
const PORT = 7678
const MANY = { runOnLimitedConnection: true, maxInboundStreams: 4096, maxOutboundStreams: 4096 }
const ECHO_MS = 3000

// Closing a connection from both ends at once throws out of band in this version.
for (const kind of ['uncaughtException', 'unhandledRejection']) {
  process.on(kind, e => { if (process.env.SHOW) console.error(e) })
}

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const everywhere = ip => [`/ip4/${ip}/tcp/${PORT}`, `/ip4/${ip}/udp/${PORT}/quic-v1`]

const common = {
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionMonitor: { enabled: false }
}
const services = { identify: identify(), push: identifyPush(), autoNAT: autoNATv2() }

const node = await createLibp2p(role === 'relay'
  ? {
      ...common,
      addresses: { listen: everywhere('0.0.0.0'), announce: everywhere(at) },
      transports: [tcp(), quic({})],
      services: {
        ...services, relay: circuitRelayServer({ reservations: { maxReservations: 100 } })
      }
    }
  : {
      ...common,
      addresses: {
        listen: [...everywhere('0.0.0.0'), `${at}/p2p-circuit`, '/webrtc'],
        announceFilter: all => all.filter(address => !isPrivate(address))
      },
      transports: [
        tcp(),
        quic({}),
        circuitRelayTransport(),
        webRTC({ rtcConfiguration: { iceServers: [{ urls: [`stun:${stun}`] }] } })
      ],
      services: {
        ...services,
        // A router's word is taken; AutoNAT asks once, which is before there is a mapping.
        upnp: uPnPNAT({ autoConfirmAddress: true }),
        dcutr: dcutr()
      }
    })

await node.handle(ECHO, stream => {
  stream.addEventListener('message', event => stream.send(event.data))
}, MANY)

/** A byte there and back on a stream of its own. */
async function echo (connection, signal) {
  const stream = await connection.newStream(ECHO, { ...MANY, signal })
  try {
    await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      stream.addEventListener('message', resolve, { once: true })
      stream.addEventListener('close', () => reject(new Error('closed')), { once: true })
      stream.send(new Uint8Array(1))
    })
  } finally {
    stream.close({ signal: AbortSignal.timeout(ECHO_MS) }).catch(() => {})
  }
}

const works = connection => echo(connection, AbortSignal.timeout(ECHO_MS)).then(
  () => true, () => false)
const all = id => node.getConnections().filter(each => each.remotePeer.toString() === id)
const open = id => all(id).filter(each => each.status === 'open')

async function connect ({ id, addresses, direct, wait_ms: wait }) {
  // WebRTC addresses are left to DCUtR: the first byte should not wait for ICE.
  const plain = addresses.filter(each => !each.includes('/webrtc')).map(each => multiaddr(each))
  const begun = now()
  const first = await node.dial(plain, { signal: AbortSignal.timeout(wait) })
  await echo(first, AbortSignal.timeout(wait))
  const answer = { first_ms: now() - begun }
  const dead = new Set() // taken for direct, and nothing gets through
  while (direct && now() - begun < wait) {
    const found = open(id).find(each => each.limits == null && !dead.has(each))
    if (!found) {
      await pause(5)
    } else if (found === first || await works(found)) {
      return { ...answer, path: 'direct', direct_ms: now() - begun, dead: dead.size }
    } else {
      dead.add(found)
    }
  }
  if (direct) { // the wait is over: what of it is still of use?
    for (const each of open(id).filter(each => !dead.has(each))) {
      if (await works(each)) {
        return { ...answer, path: each.limits == null ? 'direct' : 'relay', dead: dead.size }
      }
    }
    return { failure: 'the connection was gone in the end', dead: dead.size }
  }
  return { ...answer, path: first.limits == null ? 'direct' : 'relay', dead: 0 }
}

/** Until there has been neither connection nor dial for a moment. */
async function part ({ id }) {
  const begun = now()
  for (let quiet = 0; quiet < 3 && now() - begun < 15000;) {
    await Promise.all(all(id).map(each =>
      each.close({ signal: AbortSignal.timeout(1000) }).catch(e => each.abort(e))))
    await pause(50)
    const dials = node.getDialQueue().some(each => each.peerId?.toString() === id)
    quiet = dials || all(id).length ? 0 : quiet + 1
  }
  return { left: all(id).length }
}

const facts = () => ({ id: node.peerId.toString(), addresses: node.getMultiaddrs().map(String) })
const answers = { facts, connect, part }

process.stdin.on('end', () => process.exit(0))
for await (const line of readline.createInterface({ input: process.stdin })) {
  const question = JSON.parse(line)
  let answer
  try {
    answer = await answers[question.ask](question)
  } catch (e) {
    answer = { failure: [e, ...(e.errors ?? [])].map(each => each.message).join('; ') }
  }
  console.log(JSON.stringify({ n: question.n, ...answer }))
}
process.exit(0)
