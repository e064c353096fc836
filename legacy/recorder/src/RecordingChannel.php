<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AbstractConnection;

/**
 * A php-amqplib channel that records what is published on it: `new RecordingChannel($connection, $recorder)`
 * instead of `$connection->channel()`. What was published stays published when the attempt fails afterwards, and is
 * recorded so. In a muted attempt it is recorded and not published.
 */
final class RecordingChannel extends AMQPChannel
{
    public function __construct(AbstractConnection $connection, private readonly Recorder $recorder)
    {
        parent::__construct($connection);
    }

    public function basic_publish(
        $msg,
        $exchange = '',
        $routing_key = '',
        $mandatory = false,
        $immediate = false,
        $ticket = null,
    ) {
        if (!$this->recorder->isMuted()) {
            parent::basic_publish($msg, $exchange, $routing_key, $mandatory, $immediate, $ticket);
        }
        $this->record($msg, $exchange, $routing_key);
    }

    public function batch_basic_publish(
        $message,
        $exchange = '',
        $routing_key = '',
        $mandatory = false,
        $immediate = false,
        $ticket = null,
    ) {
        if (!$this->recorder->isMuted()) {
            parent::batch_basic_publish($message, $exchange, $routing_key, $mandatory, $immediate, $ticket);
        }
        $this->record($message, $exchange, $routing_key);
    }

    private function record(\PhpAmqpLib\Message\AMQPMessage $message, string $exchange, string $routingKey): void
    {
        $type = $message->has('content_type') ? $message->get('content_type') : '';
        $this->recorder->message($exchange, $routingKey, $message->getBody(), $type);
    }
}
