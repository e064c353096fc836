<?php

declare(strict_types=1);

namespace Monolith\Outlet;

use PDO;
use PhpAmqpLib\Message\AMQPMessage;
use Strangler\Recorder\ConfirmedChannel;

/**
 * Follow-up messages wait in a table of the handler's transaction and leave after it.
 */
final class OutboxPublisher implements Publisher
{
    private const AT_ONCE = 200;

    /** @param string $source each consumer lets its own messages leave, so that none leaves twice */
    public function __construct(private readonly PDO $pdo, private readonly string $source)
    {
    }

    public function publish(
        string $exchange,
        string $routingKey,
        string $body,
        string $contentType = 'application/json',
    ): void {
        $this->pdo->prepare(
            'INSERT INTO outgoing_messages (source, exchange, routing_key, body, content_type) VALUES (?, ?, ?, ?, ?)'
        )->execute([$this->source, $exchange, $routingKey, $body, $contentType]);
    }

    /**
     * @throws \PhpAmqpLib\Exception\AMQPExceptionInterface if the broker is away, refuses a message or has no queue for
     *         it; then all that went with it stay
     */
    public function flush(ConfirmedChannel $channel): void
    {
        $waiting = $this->pdo->prepare(
            'SELECT * FROM outgoing_messages WHERE source = ? ORDER BY id LIMIT ' . self::AT_ONCE
        );
        do {
            $waiting->execute([$this->source]);
            $rows = $waiting->fetchAll(PDO::FETCH_ASSOC);
            if ($rows === []) {
                return;
            }
            foreach ($rows as $row) {
                $message = new AMQPMessage($row['body'], [
                    'content_type' => $row['content_type'],
                    'delivery_mode' => AMQPMessage::DELIVERY_MODE_PERSISTENT,
                ]);
                $channel->publish($message, $row['exchange'], $row['routing_key']);
            }
            $channel->settle();
            $places = implode(', ', array_fill(0, count($rows), '?'));
            $this->pdo->prepare("DELETE FROM outgoing_messages WHERE id IN ($places)")
                ->execute(array_column($rows, 'id'));
        } while (count($rows) === self::AT_ONCE);
    }
}
