<?php

declare(strict_types=1);

namespace Monolith\Consumer;

use Monolith\Failure;
use Monolith\Family;
use Monolith\Monolith;
use Monolith\Runtime;
use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AbstractConnection;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use PhpAmqpLib\Exception\AMQPTimeoutException;
use PhpAmqpLib\Message\AMQPMessage;
use Strangler\Recorder\HandBack;
use Strangler\Recorder\Stamp;
use Strangler\Recorder\StampedForNew;

/**
 * Consumes a family of JSON notifications with php-amqplib. A message is acknowledged after its transaction.
 */
final class JsonConsumer implements Consumer
{
    private const PREFETCH = 50;
    private const IDLE_S = 0.5;
    private const GATHER_S = 0.01;
    private const RETRY_DELAY_US = 200_000;

    private bool $stopping = false;
    private bool $givingBack = false;
    private bool $announced = false;
    private Outlets $outlets;
    private HandBack $handBack;

    public function __construct(
        private readonly AbstractConnection $connection,
        private readonly Monolith $monolith,
        private readonly Family $family,
        private readonly string $queue,
    ) {
    }

    public function run(): void
    {
        $this->outlets = new Outlets($this->monolith, $this->connection);
        $this->handBack = new HandBack($this->connection->channel());
        $this->outlets->flush();
        while (!$this->stopping) {
            $this->consume($this->connection->channel());
        }
        $this->outlets->flush();
        $this->connection->close();
    }

    public function stop(): void
    {
        $this->stopping = true;
    }

    private function consume(AMQPChannel $channel): void
    {
        $this->givingBack = false;
        $channel->basic_qos(0, self::PREFETCH, false);
        $this->subscribe($channel);
        while (!$this->stopping && !$this->givingBack) {
            try {
                $channel->wait(timeout: $this->outlets->isEmpty() ? self::IDLE_S : self::GATHER_S);
            } catch (AMQPTimeoutException) {
                $this->outlets->flush();
            }
        }
        // Closing the channel gives all that is not acknowledged back to the queue, in its old order. Giving back one
        // message alone would let those that were prefetched behind it overtake.
        $channel->close();
    }

    private function subscribe(AMQPChannel $channel): void
    {
        try {
            $channel->basic_consume($this->queue, callback: $this->receive(...));
        } catch (AMQPProtocolChannelException $refused) {
            throw match ($refused->getCode()) {
                404 => new UnavailableQueue("queue {$this->queue} does not exist yet"),
                403 => new UnavailableQueue("queue {$this->queue} is not ours at present: is a router before it?"),
                default => $refused,
            };
        }
        if (!$this->announced) {
            $this->announced = true;
            Runtime::log("{$this->family->value}: consuming {$this->queue}");
        }
    }

    private function receive(AMQPMessage $message): void
    {
        if ($this->stopping || $this->givingBack) {
            return;
        }
        $id = $message->has('message_id') ? $message->get('message_id') : null;
        $final = true;
        try {
            $routingKey = (string) $message->getRoutingKey();
            $this->monolith->receiveJson($this->family, $message->getBody(), $id, $routingKey, Stamp::of($message));
            $message->ack();
        } catch (StampedForNew $refused) {
            $this->handBack->give($message, $this->queue, $refused);
            $message->ack();
            Runtime::log(sprintf('%s: handed back, %s', $this->family->value, $refused->cause()));
        } catch (AMQPExceptionInterface $trouble) {
            throw $trouble;
        } catch (\Throwable $thrown) {
            $final = Failure::isFinal($thrown);
            Runtime::log(sprintf('%s: %s, %s', $this->family->value, $final ? 'rejected' : 'retried', $thrown::class));
            if ($final) {
                $message->reject(false);
            }
        }
        $this->outlets->handled();
        if (!$final) {
            usleep(self::RETRY_DELAY_US);
            $this->givingBack = true;
        }
    }
}
