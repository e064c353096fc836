<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPAbstractCollection;
use PhpAmqpLib\Wire\AMQPTable;
use PhpAmqpLib\Wire\AMQPWriter;

/**
 * The way out for a message that this application was given and must not process: whole, with a note why, into the
 * Invalid Message Channel, where the operator finds it. Acknowledge it after `give` has returned, and only then.
 */
final class HandBack
{
    public const QUEUE = 'strangler.invalid';
    private const NOTE = 'x-strangler-';

    private readonly ConfirmedChannel $confirmed;
    private bool $declared = false;

    /** @param AMQPChannel $channel one of its own: it is put into confirm mode */
    public function __construct(private readonly AMQPChannel $channel, float $timeout_s = 10.0)
    {
        $this->confirmed = new ConfirmedChannel($channel, $timeout_s);
    }

    /**
     * @param string $queue from which the message was taken
     * @throws \PhpAmqpLib\Exception\AMQPExceptionInterface unless the broker has the copy; then nothing is settled, and
     *         the message comes again over the next connection
     */
    public function give(AMQPMessage $message, string $queue, StampedForNew $refused): void
    {
        if (!$this->declared) {
            $this->channel->queue_declare(self::QUEUE, false, true, false, false);
            $this->declared = true;
        }
        $this->confirmed->publish(self::copy($message, $queue, $refused->cause()), '', self::QUEUE);
        $this->confirmed->settle();
    }

    private static function copy(AMQPMessage $message, string $queue, string $cause): AMQPMessage
    {
        $properties = $message->get_properties();
        $headers = $properties['application_headers'] ?? new AMQPTable();
        $notes = [
            'cause' => $cause,
            'exchange' => (string) $message->getExchange(),
            'routing-key' => (string) $message->getRoutingKey(),
            'queue' => $queue,
            'at' => new \DateTimeImmutable(),
        ];
        // The broker refuses a foreign user_id and would let the copy expire: both stay visible as headers of ours.
        foreach (['user_id' => 'user-id', 'expiration' => 'expiration'] as $property => $note) {
            if (isset($properties[$property])) {
                $notes[$note] = (string) $properties[$property];
                unset($properties[$property]);
            }
        }

        return new AMQPMessage($message->getBody(), [
            ...$properties,
            'delivery_mode' => AMQPMessage::DELIVERY_MODE_PERSISTENT,
            'application_headers' => self::headers($headers, $notes),
        ]);
    }

    /** @param array<string, mixed> $notes */
    private static function headers(AMQPTable $headers, array $notes): AMQPTable
    {
        $copy = new AMQPTable();
        $words = [];
        foreach ($headers as $name => [$type, $value]) {
            $name = (string) $name;
            if ($name === 'CC') {
                // The broker would deliver the copy to those queues, too.
                $name = self::NOTE . 'cc';
            }
            if (self::isWritable($name, $type, $value)) {
                $copy->set($name, $value, $type);
            } else {
                $words[$name] = $value instanceof AMQPAbstractCollection ? $value->getNativeData() : $value;
            }
        }
        if ($words !== []) {
            $notes['headers'] = (string) json_encode(
                $words,
                JSON_PRESERVE_ZERO_FRACTION | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR,
            );
        }
        foreach ($notes as $name => $value) {
            $copy->set(self::NOTE . $name, $value);
        }

        return $copy;
    }

    /** php-amqplib reads some headers that it cannot write (doubles, for one): they must not keep the message here. */
    private static function isWritable(string $name, int $type, mixed $value): bool
    {
        try {
            $alone = new AMQPTable();
            $alone->set($name, $value, $type);
            (new AMQPWriter())->write_table($alone);

            return true;
        } catch (\Throwable) {
            return false;
        }
    }
}
