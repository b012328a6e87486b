"""A program on nats-py that knows nothing of Spanwire: what it is told on its command line, it does once, and says as JSON lines."""

import asyncio
import json
import sys

import nats


def say(**what):
    print(json.dumps(what), flush=True)


def told(message):
    return {
        "subject": message.subject,
        "headers": dict(message.headers or {}),
        "body": message.data.decode(),
    }


async def publish(nc, subject, body, headers):
    await nc.publish(subject, body.encode(), headers=json.loads(headers) or None)
    await nc.flush()


async def store(nc, subject, body, headers):
    ack = await nc.jetstream().publish(subject, body.encode(), headers=json.loads(headers) or None)
    say(stream=ack.stream, seq=ack.seq)


async def listen(nc, subject, count):
    subscription = await nc.subscribe(subject, max_msgs=int(count))
    await nc.flush()
    say(ready=True)
    async for message in subscription.messages:
        say(**told(message))


async def read(nc, subject, count):
    subscription = await nc.jetstream().subscribe(subject, ordered_consumer=True)
    for _ in range(int(count)):
        say(**told(await subscription.next_msg(timeout=10)))


async def ask(nc, subject, body):
    say(**told(await nc.request(subject, body.encode(), timeout=5)))


async def answer(nc, subject, count):
    subscription = await nc.subscribe(subject, max_msgs=int(count))
    await nc.flush()
    say(ready=True)
    async for message in subscription.messages:
        question = json.loads(message.data)
        await message.respond(json.dumps({"price": len(question["symbol"])}).encode())
    await nc.flush()


async def main():
    server, verb, *arguments = sys.argv[1:]
    verbs = {"publish": publish, "store": store, "listen": listen, "read": read, "ask": ask, "answer": answer}
    nc = await nats.connect(server, allow_reconnect=False)
    await verbs[verb](nc, *arguments)
    await nc.close()


asyncio.run(main())
