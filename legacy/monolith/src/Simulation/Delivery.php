<?php

declare(strict_types=1);

namespace Monolith\Simulation;

use App\Message\PayoutUpdate;
use Monolith\Family;
use Symfony\Component\Messenger\Envelope;
use Symfony\Component\Messenger\Stamp\BusNameStamp;
use Symfony\Component\Messenger\Transport\Serialization\PhpSerializer;

/**
 * One message to be published: a JSON body, or a payout for Symfony's sender.
 */
final class Delivery
{
    /** @param int $copies how often it is delivered in all */
    public function __construct(
        public readonly string $id,
        public readonly string $type,
        public readonly string $key,
        public readonly string|PayoutUpdate $content,
        public int $copies = 1,
    ) {
    }

    /** What Symfony's sender takes, for a payout. */
    public function envelope(): Envelope
    {
        return new Envelope($this->content, [new BusNameStamp('messenger.bus.default')]);
    }

    /** @return array<string, mixed> what would arrive, as bin/oracle.php reads it */
    public function transcript(): array
    {
        $isPayout = $this->content instanceof PayoutUpdate;
        $body = $isPayout ? (new PhpSerializer())->encode($this->envelope())['body'] : $this->content;

        return [
            'id' => $this->id,
            'type' => $this->type,
            'exchange' => Family::ofType($this->type)?->exchange(),
            'routing_key' => $isPayout ? '' : $this->type,
            'body_base64' => base64_encode($body),
            'properties' => (object) ($isPayout ? [] : ['message_id' => $this->id]),
            'headers' => (object) [],
        ];
    }
}
