<?php

declare(strict_types=1);

namespace Monolith\Consumer;

use Strangler\Recorder\Stamp;
use Strangler\Recorder\StampedForNew;
use Symfony\Component\Messenger\Envelope;
use Symfony\Component\Messenger\Exception\MessageDecodingFailedException;
use Symfony\Component\Messenger\Transport\Serialization\PhpSerializer;
use Symfony\Component\Messenger\Transport\Serialization\SerializerInterface;

/**
 * Symfony's default serializer, made to fail in one way: what unserializes to something that is no envelope, or to
 * broken objects, would otherwise kill the worker again at every redelivery.
 */
final class PayoutSerializer implements SerializerInterface
{
    private readonly PhpSerializer $serializer;

    public function __construct()
    {
        $this->serializer = new PhpSerializer();
    }

    public function decode(array $encodedEnvelope): Envelope
    {
        try {
            Stamp::fromHeaders($encodedEnvelope['headers'] ?? [])?->admit();
        } catch (StampedForNew) {
            // Handed back as it came (StampMiddleware): if it cannot be read, that is not for us to find out.
            return new Envelope(new \stdClass());
        }
        try {
            return $this->serializer->decode($encodedEnvelope);
        } catch (\Error | \ErrorException $broken) {
            throw new MessageDecodingFailedException('not an envelope', 0, $broken);
        }
    }

    public function encode(Envelope $envelope): array
    {
        return $this->serializer->encode($envelope);
    }
}
