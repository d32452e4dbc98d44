// SPDX-License-Identifier: MIT
// Tasks, queue and clock on POSIX threads. FreeRTOS has them: there this file is not needed.
#include "os.h"

#include <stdlib.h>
#include <time.h>

static struct timespec now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

uint32_t os_now_ms(void)
{
    struct timespec t = now();

    return (uint32_t)((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

void os_queue_start(struct os_queue *queue, void **items, uint32_t length)
{
    pthread_condattr_t clock;

    *queue = (struct os_queue){.items = items, .length = length};
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, &clock);
    pthread_condattr_destroy(&clock);
}

// Waits until the queue holds any number of items but `count`; called with its lock.
static bool wait_while(struct os_queue *queue, uint32_t count, uint32_t wait_ms)
{
    struct timespec until = now();
    int error = 0;

    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (queue->count == count && error == 0) {
        error = wait_ms == OS_FOREVER
                    ? pthread_cond_wait(&queue->changed, &queue->lock)
                    : pthread_cond_timedwait(&queue->changed, &queue->lock, &until);
    }
    return queue->count != count;
}

bool os_queue_send(struct os_queue *queue, void *item, uint32_t wait_ms)
{
    pthread_mutex_lock(&queue->lock);
    bool room = wait_while(queue, queue->length, wait_ms);

    if (room) {
        queue->items[(queue->first + queue->count++) % queue->length] = item;
        pthread_cond_broadcast(&queue->changed);
    }
    pthread_mutex_unlock(&queue->lock);
    return room;
}

bool os_queue_receive(struct os_queue *queue, void **item, uint32_t wait_ms)
{
    pthread_mutex_lock(&queue->lock);
    bool any = wait_while(queue, 0, wait_ms);

    if (any) {
        *item = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->length;
        queue->count--;
        pthread_cond_broadcast(&queue->changed);
    }
    pthread_mutex_unlock(&queue->lock);
    return any;
}

static _Thread_local struct os_task *self;

static void *run(void *argument)
{
    self = argument;
    return self->function(self->argument);
}

void os_task_start(struct os_task *task, void *(*function)(void *argument), void *argument)
{
    *task = (struct os_task){.function = function, .argument = argument};
    pthread_mutex_init(&task->lock, NULL);
    pthread_cond_init(&task->changed, NULL);
    if (pthread_create(&task->thread, NULL, run, task) != 0) {
        abort();
    }
}

void os_task_join(struct os_task *task)
{
    pthread_join(task->thread, NULL);
}

struct os_task *os_task_self(void)
{
    return self;
}

void os_task_notify(struct os_task *task)
{
    pthread_mutex_lock(&task->lock);
    task->notified++;
    pthread_cond_signal(&task->changed);
    pthread_mutex_unlock(&task->lock);
}

void os_task_wait(void)
{
    pthread_mutex_lock(&self->lock);
    while (self->notified == 0) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    self->notified = 0;
    pthread_mutex_unlock(&self->lock);
}
