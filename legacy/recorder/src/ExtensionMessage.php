<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPDecimal;
use PhpAmqpLib\Wire\AMQPTable;

/**
 * A message of PHP's AMQP extension (Symfony's transport) as php-amqplib's, for HandBack. The extension does not tell
 * how wide a header's integer was, nor an empty property from one that was not set, and drops from a header's list what
 * is no text.
 */
final class ExtensionMessage
{
    public static function of(\AMQPEnvelope $envelope): AMQPMessage
    {
        $properties = array_filter([
            'content_type' => $envelope->getContentType(),
            'content_encoding' => $envelope->getContentEncoding(),
            'priority' => $envelope->getPriority(),
            'correlation_id' => $envelope->getCorrelationId(),
            'reply_to' => $envelope->getReplyTo(),
            'expiration' => $envelope->getExpiration(),
            'message_id' => $envelope->getMessageId(),
            'timestamp' => $envelope->getTimestamp(),
            'type' => $envelope->getType(),
            'user_id' => $envelope->getUserId(),
            'app_id' => $envelope->getAppId(),
            'cluster_id' => $envelope->getClusterId(),
        ]);
        $headers = new AMQPTable();
        foreach ($envelope->getHeaders() as $name => $value) {
            $headers->set((string) $name, self::field($value), is_float($value) ? AMQPTable::T_DOUBLE : null);
        }
        // The extension gives false for an empty body.
        $message = new AMQPMessage((string) $envelope->getBody(), [...$properties, 'application_headers' => $headers]);

        return $message->setDeliveryInfo(
            $envelope->getDeliveryTag(),
            $envelope->isRedelivery(),
            (string) $envelope->getExchangeName(),
            (string) $envelope->getRoutingKey(),
        );
    }

    private static function field(mixed $value): mixed
    {
        return match (true) {
            is_array($value) => array_map(self::field(...), $value),
            $value instanceof \AMQPTimestamp => (new \DateTimeImmutable())->setTimestamp((int) $value->getTimestamp()),
            $value instanceof \AMQPDecimal => new AMQPDecimal($value->getSignificand(), $value->getExponent()),
            default => $value,
        };
    }
}
