<?php

declare(strict_types=1);

namespace Monolith\Simulation;

use App\Message\PayoutUpdate;
use Monolith\Broker;
use Monolith\ConfigurationError;
use Monolith\Consumer\PayoutConsumer;
use Monolith\Family;
use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AbstractConnection;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;
use Symfony\Component\Messenger\Bridge\Amqp\Transport\AmqpSender;
use Symfony\Component\Messenger\Exception\TransportException;

/**
 * Publishes deliveries, each the way its part of the company does, and waits until the broker has them.
 */
final class Post
{
    private const TIMEOUT_S = 10.0;

    private readonly AbstractConnection $connection;
    private readonly AMQPChannel $channel;
    private readonly AmqpSender $payouts;
    private ?string $unwanted = null;

    /** @throws AMQPExceptionInterface if the broker is unreachable */
    public function __construct(string $amqpUrl)
    {
        $this->connection = Broker::connect($amqpUrl);
        $this->channel = $this->connection->channel();
        $this->channel->confirm_select();
        $this->channel->set_return_listener(function (int $code, string $text, string $exchange, string $key): void {
            $this->unwanted = "$exchange/$key";
        });
        $this->payouts = new AmqpSender(PayoutConsumer::transport($amqpUrl));
    }

    public function close(): void
    {
        $this->connection->close();
    }

    /**
     * @param list<Delivery> $deliveries
     * @throws ConfigurationError if a message fits no queue
     * @throws AMQPExceptionInterface|TransportException if not all of them were confirmed: any may have arrived
     */
    public function publish(array $deliveries): void
    {
        foreach ($deliveries as $delivery) {
            if ($delivery->content instanceof PayoutUpdate) {
                $this->payouts->send($delivery->envelope());
            } else {
                $this->publishJson($delivery, $delivery->content);
            }
        }
        $this->channel->wait_for_pending_acks_returns(self::TIMEOUT_S);
        if ($this->unwanted !== null) {
            throw new ConfigurationError("no queue takes {$this->unwanted}: run setup.php first");
        }
    }

    private function publishJson(Delivery $delivery, string $body): void
    {
        $message = new AMQPMessage($body, [
            'content_type' => 'application/json',
            'delivery_mode' => AMQPMessage::DELIVERY_MODE_PERSISTENT,
            'message_id' => $delivery->id,
            'timestamp' => time(),
            'type' => $delivery->type,
            'app_id' => 'webhooks',
            'application_headers' => new AMQPTable([
                'source' => 'treezor',
                'attempt' => 1,
                'live' => false,
                'hop' => ['edge', 'webhooks'],
            ]),
        ]);
        $exchange = Family::ofType($delivery->type)?->exchange() ?? '';
        $this->channel->basic_publish($message, $exchange, $delivery->type, mandatory: true);
    }
}
