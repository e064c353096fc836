<?php

declare(strict_types=1);

namespace Monolith\Consumer;

use App\Message\PayoutUpdate;
use Monolith\Failure;
use Monolith\Family;
use Monolith\Monolith;
use Monolith\Runtime;
use PhpAmqpLib\Connection\AbstractConnection;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use Strangler\Recorder\ExtensionMessage;
use Strangler\Recorder\HandBack;
use Strangler\Recorder\StampedForNew;
use Symfony\Component\Messenger\Bridge\Amqp\Transport\AmqpReceivedStamp;
use Symfony\Component\Messenger\Bridge\Amqp\Transport\Connection;
use Symfony\Component\Messenger\Exception\MessageDecodingFailedException;
use Symfony\Component\Messenger\Handler\HandlersLocator;
use Symfony\Component\Messenger\MessageBus;
use Symfony\Component\Messenger\Middleware\HandleMessageMiddleware;
use Symfony\Component\Messenger\Worker;

/**
 * Consumes payouts as a Symfony application does: Messenger's worker, its AMQP transport, its PhpSerializer.
 */
final class PayoutConsumer implements Consumer
{
    private const POLL_US = 20_000;
    private const RETRY_DELAY_US = 200_000;

    private readonly Worker $worker;
    private readonly PayoutReceiver $receiver;
    private readonly Outlets $outlets;
    private readonly HandBack $handBack;
    private readonly StampMiddleware $stamps;
    private bool $stopping = false;

    /**
     * @param AbstractConnection $connection for what leaves; what arrives has Symfony's own
     * @param string|null $queue another queue than the application's own, made by somebody else
     */
    public function __construct(
        private readonly AbstractConnection $connection,
        string $amqpUrl,
        private readonly Monolith $monolith,
        private readonly ?string $queue = null,
    ) {
        $this->outlets = new Outlets($monolith, $connection);
        $this->handBack = new HandBack($connection->channel());
        $this->stamps = new StampMiddleware($this->handBack(...));
        $this->receiver = new PayoutReceiver(self::transport($amqpUrl, $queue), $this->outlets->flush(...));
        $this->worker = new Worker([Family::Payout->exchange() => $this->receiver], new MessageBus([
            $this->stamps,
            new HandleMessageMiddleware(new HandlersLocator([PayoutUpdate::class => [$this->handle(...)]])),
        ]));
    }

    /** The transport's configuration, as config/packages/messenger.yaml would have it. */
    public static function transport(string $amqpUrl, ?string $queue = null): Connection
    {
        return Connection::fromDsn($amqpUrl, [
            'exchange' => ['name' => Family::Payout->exchange(), 'type' => 'fanout'],
            'queues' => [$queue ?? Family::Payout->queue() => []],
            // Auto-setup binds whatever queue is named to the exchange: a router's queue would get every payout twice.
            'auto_setup' => $queue === null,
            'confirm_timeout' => '10',
        ]);
    }

    public function run(): void
    {
        $this->look();
        Runtime::log('payout: consuming ' . ($this->queue ?? Family::Payout->queue()));
        while (!$this->stopping) {
            try {
                $this->worker->run(['sleep' => self::POLL_US]);
            } catch (MessageDecodingFailedException) {
                // The receiver has rejected it. It has no id that could be read, so there is no outcome either.
                Runtime::log('payout: rejected, MessageDecodingFailedException');
            }
        }
        $this->outlets->flush();
        $this->connection->close();
    }

    public function stop(): void
    {
        $this->stopping = true;
        $this->worker->stop();
    }

    /**
     * Symfony's transport fetches message by message (basic.get), and RabbitMQ lets it do so even behind the back of an
     * exclusive consumer: that a router stands before the queue has to be looked for.
     */
    private function look(): void
    {
        $queue = $this->queue ?? Family::Payout->queue();
        $channel = $this->connection->channel();
        try {
            [, , $consumers] = $channel->queue_declare($queue, passive: true);
            $channel->close();
        } catch (AMQPProtocolChannelException $missing) {
            if ($missing->getCode() !== 404) {
                throw $missing;
            }
            if ($this->queue !== null) {
                throw new UnavailableQueue("queue $queue does not exist yet");
            }

            return; // Auto-setup will make it.
        }
        if ($consumers > 0) {
            throw new UnavailableQueue("queue $queue is not ours at present: is a router before it?");
        }
    }

    private function handBack(AmqpReceivedStamp $received, StampedForNew $refused): void
    {
        try {
            $message = ExtensionMessage::of($received->getAmqpEnvelope());
            $this->handBack->give($message, $received->getQueueName(), $refused);
        } catch (AMQPExceptionInterface $trouble) {
            $this->receiver->failed($trouble);
            throw $trouble;
        }
        Runtime::log('payout: handed back, ' . $refused->cause());
    }

    private function handle(PayoutUpdate $payout): void
    {
        try {
            $this->monolith->receivePayout($payout, $this->stamps->stamp());
        } catch (\Throwable $thrown) {
            $final = Failure::isFinal($thrown);
            Runtime::log(sprintf('payout: %s, %s', $final ? 'rejected' : 'retried', $thrown::class));
            if (!$final) {
                usleep(self::RETRY_DELAY_US);
            }
            $this->receiver->failed($thrown);
            throw $thrown;
        } finally {
            $this->outlets->handled();
        }
    }
}
