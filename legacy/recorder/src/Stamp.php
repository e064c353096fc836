<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PhpAmqpLib\Message\AMQPMessage;

/**
 * What the router has decided about a message, as its headers tell. The stamp is obeyed, whatever the present state of
 * the migration may be: it is what keeps two systems from processing one message.
 */
final class Stamp
{
    private const ROUTE = 'strangler-route';
    private const EPOCH = 'strangler-epoch';
    private const MUTED = 'strangler-muted';
    private const AT = 'strangler-at';
    /** The routes whose messages are this application's to process. */
    private const OURS = ['legacy', 'shadow'];

    /**
     * @param bool $muted the new system has processed the message already; here it only brings the rows up to date
     * @param \DateTimeImmutable|null $at when the new system processed a muted message
     */
    public function __construct(
        public readonly string $route,
        public readonly int $epoch = 0,
        public readonly bool $muted = false,
        public readonly ?\DateTimeImmutable $at = null,
    ) {
    }

    /** @return self|null null where no router has seen the message */
    public static function of(AMQPMessage $message): ?self
    {
        $headers = $message->has('application_headers') ? $message->get('application_headers') : [];
        $ours = [];
        // Only ours are looked at: whatever else a publisher has put there must not be able to stop the message.
        foreach ([self::ROUTE, self::EPOCH, self::MUTED, self::AT] as $name) {
            if (isset($headers[$name])) {
                $ours[$name] = $headers[$name];
            }
        }

        return self::fromHeaders($ours);
    }

    /** @param array<string, mixed> $headers as ext-amqp's getHeaders gives them */
    public static function fromHeaders(array $headers): ?self
    {
        if (!array_key_exists(self::ROUTE, $headers)) {
            return null;
        }

        return new self(
            self::text($headers[self::ROUTE]),
            (int) self::text($headers[self::EPOCH] ?? 0),
            filter_var(self::text($headers[self::MUTED] ?? false), FILTER_VALIDATE_BOOL),
            self::instant(self::text($headers[self::AT] ?? '')),
        );
    }

    /** @throws StampedForNew if processing the message is not for this application */
    public function admit(): void
    {
        if (!$this->muted && !in_array($this->route, self::OURS, true)) {
            throw new StampedForNew($this);
        }
    }

    /** @return \DateTimeImmutable|null the time that a handler is to take for now; null: the wall clock's */
    public function clock(): ?\DateTimeImmutable
    {
        return $this->muted ? $this->at : null;
    }

    private static function text(mixed $value): string
    {
        return is_scalar($value) ? (string) $value : '';
    }

    private static function instant(string $text): ?\DateTimeImmutable
    {
        // Not `new DateTimeImmutable`, which would take "tomorrow" for a time.
        foreach (['Y-m-d\TH:i:sP|', 'Y-m-d\TH:i:s.uP|'] as $format) {
            $instant = \DateTimeImmutable::createFromFormat($format, $text);
            if ($instant !== false) {
                return $instant;
            }
        }

        return null;
    }
}
